// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostException;

/** A well-formed request that cannot be done: the front-end is told if it asked to be, otherwise the session ends. */
final class RequestRejectedException extends VhostException {
    private static final long serialVersionUID = 1L;

    RequestRejectedException(String message) {
        super(message);
    }
}
