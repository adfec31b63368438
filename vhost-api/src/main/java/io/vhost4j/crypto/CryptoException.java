// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import io.vhost4j.VhostException;

/** A session cannot be made, for the reason that the guest is told by {@link #status}. */
public final class CryptoException extends VhostException {
    private static final long serialVersionUID = 1;

    /** What the guest is told. */
    private final CryptoStatus status;

    /** With what the guest is told, and for the log what was wrong. */
    public CryptoException(CryptoStatus status, String message) {
        super(message);
        this.status = status;
    }

    /** What the guest is told. */
    public CryptoStatus status() {
        return status;
    }
}
