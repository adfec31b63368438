// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

/** Options that cannot be right; found before anything was started. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Names the option, its value, and what it may be. */
    public UsageException(String message) {
        super(message);
    }

    /** Throws if {@code value} is outside {@code min} to {@code max}. */
    public static void checkRange(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw new UsageException(option + " " + value + ": must be " + min + " to " + max);
        }
    }

    /** Throws if {@code wrong}. */
    public static void rejectIf(boolean wrong, String message) {
        if (wrong) {
            throw new UsageException(message);
        }
    }
}
