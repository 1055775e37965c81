/// `O_PATH`: a descriptor that names a file and opens nothing (open(2)). `<fcntl.h>` gives it only to GNU sources.
let pathOnly: Int32 = 0o10_000_000
/// `AT_EMPTY_PATH`: the descriptor itself, where a path would stand (openat(2)).
let itself: Int32 = 0x1000
