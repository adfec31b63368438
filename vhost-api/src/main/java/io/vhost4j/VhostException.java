// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/** Root of the library's exceptions. Burst calls never throw one for what a guest does. */
public class VhostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says what was wrong, with the value, and what to do. */
    public VhostException(String message) {
        super(message);
    }

    /** Says what was wrong, with the value, and what to do; {@code cause} is what the system said. */
    public VhostException(String message, Throwable cause) {
        super(message, cause);
    }
}
