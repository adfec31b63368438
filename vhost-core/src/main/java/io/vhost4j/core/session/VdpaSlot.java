// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import org.jspecify.annotations.Nullable;

/** The vDPA device of a socket, if there is one. Any thread. */
public final class VdpaSlot {
    private volatile @Nullable VdpaAttachment attached;

    /** What is attached, or null. */
    public @Nullable VdpaAttachment attached() {
        return attached;
    }

    /** Attaches, or with null detaches. */
    public void set(@Nullable VdpaAttachment next) {
        attached = next;
    }
}
