// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostException;

/** The back-end answered, and does not do what it was asked to: asking again would not help. */
final class RefusedException extends VhostException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        super(message);
    }
}
