// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

/** A command could not do what it was asked to; its message is all that the user needs. */
public final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says what was wrong, with the value, and what to do. */
    public CommandFailure(String message) {
        super(message);
    }

    /** Says what was wrong, with the value, and what to do; {@code cause} is what the system said. */
    public CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
