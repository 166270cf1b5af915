import CLinux

/// Runs the kiosk until SIGTERM or SIGINT, one life after the other: SIGHUP ends one and begins the next with what
/// `load` reads then. The exit status; throws what `load` throws at the start.
func runAgent(
    environment: [String: String], load: @escaping () throws(CommandFailure) -> Runner.Setup
) throws(CommandFailure) -> Int32 {
    var setup: Runner.Setup
    do throws(CommandFailure) { setup = try load() } catch {
        // `systemctl status` and the serial console show it.
        ServiceNotifier(environment: environment).show(status: error.line)
        throw error
    }
    // Of the 12 MB of code that a start touches a kiosk that runs needs 2: each step gives back what it alone needed.
    // Here what read the command line and the settings, below what builds the rooms.
    clinux_forget_code()
    var formerSetup: Runner.Setup?
    var greeting: Runner.Greeting?
    while true {
        do {
            let runner = try Runner(setup, environment: environment, loadSetup: load)
            clinux_forget_code()
            guard let next = runner.run(greeting: greeting) else { return 0 }
            (setup, formerSetup) = (next, setup)
            greeting = .reloaded
        } catch {
            let words = setup.key?.redact("\(error)") ?? "\(error)"
            guard let former = formerSetup else {
                ServiceNotifier(environment: environment).show(status: words)
                StandardStream.error.write(ConsoleText.fault("start", words))
                return CommandFailure.runTime
            }
            (setup, formerSetup) = (former, nil)
            greeting = .reloadFailed(words)
        }
    }
}
