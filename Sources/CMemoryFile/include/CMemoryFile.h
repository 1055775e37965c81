#pragma once

// Files that have no name and live in memory (memfd_create(2)), whose calls the headers show only to GNU C. Each returns -1 and sets errno
// where the kernel refuses.

/// A new empty one, closed at exec. `name` is shown in /proc and identifies nothing.
int cmemoryfile_create(const char *name);
/// Nobody changes it or its length any more, whoever has it.
int cmemoryfile_seal(int descriptor);
