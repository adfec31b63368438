// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import io.vhost4j.VhostException;

/** The front-end broke the protocol's form: nothing after it can be trusted, so the session ends. */
public final class ProtocolException extends VhostException {
    private static final long serialVersionUID = 1L;

    /** Says what was wrong, with the value. */
    public ProtocolException(String message) {
        super(message);
    }
}
