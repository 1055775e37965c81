/// A way for mail to go on: which domains, by which means, for whom, and when.
public struct Connector: Hashable, Sendable {
    public let name: String
    /// Its key in `connectors`.
    public let location: SourceLocation
    /// One or more (S22).
    public let addressSpaces: [AddressSpace]
    public let deliver: DeliveryMethod
    /// Opens these address spaces to strangers (S23).
    public let relay: Bool
    /// Of the key `relay`; the connector's where it is not written.
    public let relayLocation: SourceLocation
    /// That an open relay to `*` is meant (law 5).
    public let acknowledgeOpenRelay: Bool
    public let restrictions: Restrictions
    public let content: ContentRestrictions
    public let schedule: ConnectorSchedule
    public let tls: ConnectorTLS
    /// The certificates that count as authorities for it, as one PEM file; absolute. nil: the system's.
    public let certificateAuthorities: String?
    public let authentication: ClientAuthentication?
    /// HELO instead of EHLO (E16).
    public let helo: Bool
    /// The name of its profile in `outbound`.
    public let outbound: String
    public let pull: Pull?
    public let link: LinkCommands?

    public init(
        name: String, location: SourceLocation = .builtIn, addressSpaces: [AddressSpace], deliver: DeliveryMethod,
        relay: Bool = false, relayLocation: SourceLocation? = nil, acknowledgeOpenRelay: Bool = false,
        restrictions: Restrictions = .none, content: ContentRestrictions = .none, schedule: ConnectorSchedule = .always,
        tls: ConnectorTLS = .opportunistic, certificateAuthorities: String? = nil, authentication: ClientAuthentication? = nil,
        helo: Bool = false, outbound: String = OutboundProfile.defaultName, pull: Pull? = nil, link: LinkCommands? = nil
    ) {
        (self.name, self.location, self.addressSpaces, self.deliver) = (name, location, addressSpaces, deliver)
        (self.relay, self.relayLocation, self.acknowledgeOpenRelay) = (relay, relayLocation ?? location, acknowledgeOpenRelay)
        (self.restrictions, self.content, self.schedule) = (restrictions, content, schedule)
        (self.tls, self.certificateAuthorities) = (tls, certificateAuthorities)
        (self.authentication, self.helo, self.outbound, self.pull, self.link) = (authentication, helo, outbound, pull, link)
    }
}
