// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

/** The back-end holds more of something than one connection has a use for. */
final class HeldTooMuchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    HeldTooMuchException(String what) {
        super(what);
    }
}
