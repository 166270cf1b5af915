import Session
import Testing

@testable import Transport
@testable import kiosk_agent

@Suite struct LinkLossTests {
    private static let set = SelfCheck.earliestClock + 86_400

    @Test(arguments: [
        (TransportError.Step.tls, "certificate is not yet valid", 0,
            "; the clock is not set, it says 1970-01-01: tried again until it is"),
        (.tls, "unsupported protocol", set - 2 * 86_400,
            "; the clock is not set, it says 2025-12-31: tried again until it is"),
        (.tls, "certificate is not yet valid", set, "; the clock says 2026-01-02"),
        (.tls, "certificate has expired", set, "; the clock says 2026-01-02"),
        (.tls, "self-signed certificate", set, ""),
        (.connect, "Connection refused", 0, ""),
    ])
    func aCertificateThatIsNotAcceptedHasTheClockNamed(
        step: TransportError.Step, reason: String, seconds: Int, hint: String
    ) {
        let closure = Closure(error: TransportError(step, "localhost:443", reason))
        let loss = LinkLoss(closure, secondsSince1970: seconds)
        #expect(loss.words == "localhost:443: \(step.rawValue): \(reason)\(hint)")
    }
}
