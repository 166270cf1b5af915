#include "cspeexdsp.h"
