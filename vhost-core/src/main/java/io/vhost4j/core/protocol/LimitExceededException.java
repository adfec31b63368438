// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.VhostException;

/** A front-end asked for more than {@link io.vhost4j.ConnectionLimits} allow. */
public final class LimitExceededException extends VhostException {
    private static final long serialVersionUID = 1L;

    /** Says what, how much, and what the limit is. */
    public LimitExceededException(String message) {
        super(message);
    }
}
