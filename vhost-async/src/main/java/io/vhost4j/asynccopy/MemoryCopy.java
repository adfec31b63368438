// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy;

import io.vhost4j.core.memory.HostWindow;

/** A copy by this thread, of memory that a ring translated. */
final class MemoryCopy {
    private MemoryCopy() {}

    /**
     * Copies.
     *
     * @return false if memory was not there, as when a guest's file was truncated; then any of the bytes may be missing
     */
    static boolean tryCopy(long source, long target, int bytes) {
        try {
            HostWindow.copy(source, target, bytes);
            HostWindow.settle();
            return true;
        } catch (InternalError e) {
            return false;
        }
    }
}
