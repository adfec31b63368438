// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import org.jspecify.annotations.Nullable;

/** What drivers of vDPA devices that are part of the library see of a front-end's device beside the API. Any thread. */
public interface GuestAccess {
    /** The memory as mapped now; while a vDPA device serves it stays so. */
    GuestMemory guestMemory();

    /** Where writes are to be logged, null if they are not; while a vDPA device serves, until its setFeatures. */
    @Nullable
    DirtyLog dirtyLog();
}
