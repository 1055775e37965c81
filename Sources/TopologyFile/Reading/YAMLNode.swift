import Topology

/// A YAML tree with positions, and nothing of YAML that a configuration does not need: no tags, anchors or aliases.
struct YAMLNode {
    struct Entry {
        let key: String
        let keyLocation: SourceLocation
        let value: YAMLNode
    }

    enum Content {
        /// - Parameter isPlain: without quotes, so that it may be a number or a Boolean.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// Keys may occur twice: that is for the decoder to say.
        case mapping([Entry])
    }

    let content: Content
    let location: SourceLocation
}
