// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/**
 * No kernel call is possible in this JVM: native access is denied to this module, or the platform is not supported. The
 * message says what to do.
 */
public final class NativeAccessException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NativeAccessException(String message) {
        super(message);
    }
}
