#if canImport(Glibc)
    import Glibc
#endif

/// Descriptors 0 to 2 of this process.
public enum StandardDescriptors {
    /// Occupies those that are closed, before anything is opened.
    ///
    /// The next file or socket would get such a number otherwise, and what is meant for a reader would go into it: into a database, or to a
    /// peer. They are opened the wrong way round, so that using one stays the error that it is (`EBADF`).
    public static func reserve() {
        for (descriptor, access) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)] {
            guard fcntl(descriptor, F_GETFD) < 0, errno == EBADF else { continue }
            // The lowest number that is free: that of this descriptor, since those below it are open by now.
            let opened = open("/dev/null", access)
            guard opened >= 0, opened != descriptor else { continue }
            dup2(opened, descriptor)
            close(opened)
        }
    }
}
