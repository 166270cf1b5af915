import Glibc
import Testing

@testable import Transport

@Suite struct NameLookupTests {
    @Test func anAddressIsKnownAtOnce() throws {
        let lookup = NameLookup(host: "::1", port: 443)
        guard case .found(let addresses)? = lookup.outcome() else { throw IOFailure(reason: "not found") }
        #expect(addresses.map(\.text) == ["[::1]:443"])
    }

    @Test func aNameIsFoundByAnotherThreadThatSignalsTheDescriptor() throws {
        let lookup = NameLookup(host: "localhost", port: 80)
        var request = pollfd(fd: lookup.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&request, 1, 5000) == 1)
        guard case .found(let addresses)? = lookup.outcome() else { throw IOFailure(reason: "not found") }
        #expect(addresses.contains { ["127.0.0.1:80", "[::1]:80"].contains($0.text) })
        #expect(lookup.outcome() == .found(addresses))
    }

    @Test func aLookUpMayBeForgotten() {
        var lookup: NameLookup? = NameLookup(host: "localhost", port: 80)
        let descriptor = lookup?.descriptor ?? -1
        lookup = nil
        // The thread may still hold it; a second look-up has to get a descriptor of its own.
        let other = NameLookup(host: "localhost", port: 80)
        #expect(descriptor >= 0)
        #expect(eventually { other.outcome() } != nil)
    }

    @Test func familiesTakeTurnsBeginningWithTheFirst() {
        let six = (1...3).map { SocketAddress(family: AF_INET6, bytes: [$0]) }
        let four = (4...5).map { SocketAddress(family: AF_INET, bytes: [$0]) }
        #expect(NameLookup.alternatingFamilies(six + four).map(\.bytes) == [[1], [4], [2], [5], [3]])
        #expect(NameLookup.alternatingFamilies(four + six).map(\.bytes) == [[4], [1], [5], [2], [3]])
        #expect(NameLookup.alternatingFamilies([]) == [])
    }
}
