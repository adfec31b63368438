// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostException;

/** A callback of the application threw: the session ends. */
final class CallbackFailedException extends VhostException {
    private static final long serialVersionUID = 1L;

    CallbackFailedException(String callback, Throwable cause) {
        super("the application's " + callback + " threw " + cause, cause);
    }
}
