/// The server's name for one item of the conversation. Opaque; in JSON a bare string.
public struct ItemID: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// As `previous:` of a created item: the very start of the conversation.
    public static let root: ItemID = "root"

    /// As it stands on the wire.
    public let rawValue: String

    /// An id of our own choice may have at most 32 characters; the server refuses longer ones.
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public var description: String { rawValue }
}

/// The server's name for one response. Opaque; in JSON a bare string.
public struct ResponseID: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// As it stands on the wire.
    public let rawValue: String

    /// Only the server makes these: a client repeats what it was given.
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public var description: String { rawValue }
}

/// Where a delta belongs: one content part of one item of one response.
public struct ContentPart: Hashable, Sendable {
    /// The response that is being made.
    public var response: ResponseID
    /// The item of it that grows.
    public var item: ItemID
    /// Place of the item in the response, from 0.
    public var outputIndex: Int
    /// Place of the part in the item, from 0.
    public var contentIndex: Int

    public init(response: ResponseID, item: ItemID, outputIndex: Int = 0, contentIndex: Int = 0) {
        self.response = response
        self.item = item
        self.outputIndex = outputIndex
        self.contentIndex = contentIndex
    }
}
