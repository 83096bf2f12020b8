/* cflags: -shared -fPIC */
/* a library that a loader variable of the caller brings in; speaks only inside (RT_TOK is set there) */
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void here(void) { char *t = getenv("RT_TOK"); if (t) { fprintf(stderr, "PRELOAD:%s\n", t); } }
