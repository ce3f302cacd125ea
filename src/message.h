/* message.h - the two habits of every public function: its failure becomes the calling thread's last message, and its
 * parameter structs are read by the size that the program was compiled with. */
#ifndef SRC_MESSAGE_H
#define SRC_MESSAGE_H

#include "src/base/error.h"

/* Makes a failure the last message of this thread and returns its code; 0 and nothing changed when there is none. */
int message_publish(const struct fault *fault);

/* Copies a struct that begins with struct_size from the program into ours of size bytes: what the program's struct
 * does not reach is zero, and what it has beyond ours must be zero, since it would ask for what we do not know.
 * from NULL: all zero. type names the struct in messages. Errors: ARGUMENT, UNSUPPORTED. */
int params_read(void *into, size_t size, const void *from, const char *type, struct fault *fault);

/* Copies our result struct of size bytes into the program's, as far as that reaches. Errors: ARGUMENT. */
int result_write(void *into, const void *from, size_t size, const char *type, struct fault *fault);

/* Fails with ARGUMENT where a pointer that must be there is NULL; what: "session", "out". */
int need_pointer(const void *pointer, const char *what, struct fault *fault);

#endif
