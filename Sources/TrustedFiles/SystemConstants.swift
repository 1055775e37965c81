/// What `<fcntl.h>` gives only to GNU sources.
let O_PATH: Int32 = 0o10_000_000
/// The descriptor itself, where a path would stand (openat(2)).
let AT_EMPTY_PATH: Int32 = 0x1000
