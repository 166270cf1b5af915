import GPIO
import MonotonicClock
import Session

// The button and the light, and how they are found again.
extension Runner {
    /// The lines, or nil where there are none or they cannot be had for now. Throws what no waiting will mend.
    static func button(_ settings: Settings.GPIO) throws(GPIOError) -> TalkButton? {
        guard let chip = settings.chip else { return nil }
        do {
            return try TalkButton(settings, chip: chip)
        } catch {
            guard error.mayPass else { throw error }
            return nil
        }
    }

    /// Takes the lines if nobody holds them for us yet; what fails is said once and tried again.
    func lookForButton(at now: Instant) {
        guard button == nil, let chip = settings.gpio.chip else { return }
        do {
            button = try TalkButton(settings.gpio, chip: chip)
            for case .line(let words) in buttonRecovery.opened(chip, at: now) { console.show(button: words) }
        } catch {
            report(buttonRecovery.failed(error.description, at: now))
        }
    }

    func watchButton(at now: Instant) {
        guard let button else { return }
        do {
            if polls.isReady(button.descriptor) || isDue(button.deadline, now) {
                let wasTouched = button.isTouched
                for edge in try button.process() { press(edge.isPressed, at: edge.instant) }
                if button.isTouched != wasTouched { handle(button.isTouched ? .touched : .untouched, at: now) }
            }
            try button.show(status.indicator, trouble: trouble, at: now)
        } catch {
            // The chip is gone (an unplugged expander): the control socket still works.
            report(buttonRecovery.failed(error.description, at: now))
            let wasPressed = button.isPressed
            self.button = nil
            handle(.untouched, at: now)
            // Nobody can release it any more.
            if wasPressed { press(false, at: now) }
        }
    }
}
