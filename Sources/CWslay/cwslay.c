#include "cwslay.h"
