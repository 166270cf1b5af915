// The resampler, the echo canceller and the preprocessor (residual echo suppression) of libspeexdsp.
#ifndef CSPEEXDSP_H
#define CSPEEXDSP_H

#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include <speex/speex_resampler.h>

#endif
