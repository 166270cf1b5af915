import Foundation
import Synchronization

/// Runs blocking code on a thread of its own, so that it cannot starve the few threads that tests share.
/// Returns a function that waits for the result, at most 20 s; nil when that was not enough.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> () -> Result? {
    let box = Box<Result>()
    Thread.detachNewThread {
        let result = body()
        box.result.withLock { $0 = result }
        box.isDone.signal()
    }
    return {
        guard box.isDone.wait(timeout: .now() + 20) == .success else { return nil }
        return box.result.withLock { $0 }
    }
}

private final class Box<Result: Sendable>: Sendable {
    let result = Mutex<Result?>(nil)
    let isDone = DispatchSemaphore(value: 0)
}
