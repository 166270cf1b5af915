// libasound as Swift sees it, and the one call that Swift cannot spell.
#ifndef CALSA_H
#define CALSA_H

#include <alsa/asoundlib.h>

/// Turns off alsa-lib's own text on standard error (snd_lib_error_set_handler(3), whose handler is variadic).
/// Process-wide; call it once, before the first open.
void calsa_silence_errors(void);

#endif
