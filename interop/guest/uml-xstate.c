/*
 * Loaded before user-mode Linux on processors with a large extended state (AMX).
 *
 * User-mode Linux reads and writes the floating-point state of its processes through a buffer that is smaller than the
 * state of such a processor, and the host refuses a short write. This library keeps the whole state itself: a read gives
 * the caller as much as fits, a write lays the caller's part over a fresh copy of the whole.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PEEK_FIRST = 1, PEEK_LAST = 3, GET_REGISTER_SET = 0x4204, SET_REGISTER_SET = 0x4205, XSTATE_SET = 0x202 };
/* Byte offset of the header word that says which components are in use, and the components that user-mode Linux knows. */
enum { IN_USE_OFFSET = 512, IN_USE_KNOWN = 0x2e7 };

static unsigned char whole[16384];

static long xstate(long request, pid_t process, struct iovec *part) {
    struct iovec all = {.iov_base = whole, .iov_len = sizeof whole};
    long status = syscall(SYS_ptrace, GET_REGISTER_SET, process, XSTATE_SET, &all);
    if (status != 0) {
        return status;
    }
    size_t length = part->iov_len < all.iov_len ? part->iov_len : all.iov_len;
    if (request == GET_REGISTER_SET) {
        memcpy(part->iov_base, whole, length);
        part->iov_len = length;
        return 0;
    }
    memcpy(whole, part->iov_base, length);
    uint64_t in_use;
    memcpy(&in_use, whole + IN_USE_OFFSET, sizeof in_use);
    in_use &= IN_USE_KNOWN;
    memcpy(whole + IN_USE_OFFSET, &in_use, sizeof in_use);
    return syscall(SYS_ptrace, SET_REGISTER_SET, process, XSTATE_SET, &all);
}

long ptrace(int request, ...) {
    va_list words;
    va_start(words, request);
    pid_t process = va_arg(words, pid_t);
    void *address = va_arg(words, void *);
    void *data = va_arg(words, void *);
    va_end(words);
    if ((request == GET_REGISTER_SET || request == SET_REGISTER_SET) && (long)address == XSTATE_SET) {
        return xstate(request, process, data);
    }
    if (request >= PEEK_FIRST && request <= PEEK_LAST) { /* the system call stores the word, the C function returns it */
        long word = 0;
        if (syscall(SYS_ptrace, (long)request, process, address, &word) < 0) {
            return -1;
        }
        errno = 0;
        return word;
    }
    return syscall(SYS_ptrace, (long)request, process, address, data);
}
