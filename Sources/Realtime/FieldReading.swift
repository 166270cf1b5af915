/// Readers for the fields of server events. Each says what it accepts and names the key that it refuses.
extension KeyedDecodingContainer {
    /// As `decode`. The decoder alone would not say where a number out of range or broken Unicode stands.
    func read<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        do {
            return try decode(type, forKey: key)
        } catch DecodingError.dataCorrupted {
            throw unreadable(type, forKey: key)
        } catch let error where error is DecodingError || error is EventDecodingError {
            throw error
        } catch {
            // The decoder's own private error, which it describes at the outermost level only.
            throw unreadable(type, forKey: key)
        }
    }

    private func unreadable(_ type: any Any.Type, forKey key: Key) -> EventDecodingError {
        EventDecodingError(at: codingPath + [key], problem: "unreadable, wanted \(EventDecodingError.name(of: type))")
    }

    /// As `read`; nil when absent or null.
    func readIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        return try read(type, forKey: key)
    }

    /// Numbers above this stand for it: nothing here counts so far, and sums of a few cannot overflow.
    private static var largestNumber: Double { 0x1p48 }

    /// Milliseconds or a count: any JSON number, cut to a whole one from 0 upwards.
    func count(forKey key: Key) throws -> Int {
        Self.whole(try read(Double.self, forKey: key))
    }

    /// Tokens: as `count`; nil when absent, null or no number, because usage is worth less than its event.
    func tokens(forKey key: Key) -> Int? {
        ((try? decodeIfPresent(Double.self, forKey: key)) ?? nil).map(Self.whole)
    }

    /// Seconds from 0 upwards.
    func seconds(forKey key: Key) throws -> Double {
        min(max(try read(Double.self, forKey: key), 0), Self.largestNumber)
    }

    /// Place in a list, from 0; 0 when absent, which is what servers that omit it mean.
    func index(forKey key: Key) throws -> Int {
        let index = try readIfPresent(Int.self, forKey: key) ?? 0
        guard index >= 0 else {
            throw EventDecodingError(at: codingPath + [key], problem: "\(index), wanted a number from 0 upwards")
        }
        return index
    }

    /// A text, or a number in its place as some proxies write codes; nil for anything else.
    func textOrNumber(forKey key: Key) -> String? {
        if let text = try? decode(String.self, forKey: key) { return text }
        if let number = try? decode(Int.self, forKey: key) { return String(number) }
        return nil
    }

    private static func whole(_ number: Double) -> Int {
        Int(min(max(number, 0), largestNumber))
    }
}
