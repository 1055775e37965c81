import NIOCore

/// Somebody who waits for work.
struct Waiter {
    let holder: UInt64
    /// Names the request, so that it can be taken back.
    let token: UInt64
    /// nil: there is none for the route.
    let grant: (LeaseGrant?) -> Void
    /// When it stops waiting, where it has a connection to a next hop meanwhile.
    var expiry: Scheduled<Void>?
}
