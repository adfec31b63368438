// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.NativeAccessException;
import io.vhost4j.core.linux.NativeException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;

/** Makes one line of a failure. */
public final class Failures {
    private Failures() {}

    /** What was wrong, without line breaks. */
    public static String oneLine(Throwable failure) {
        Throwable cause = unwrap(failure);
        return text(cause).replaceAll("\\s*\\R\\s*", " ");
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable at = failure;
        while (at.getCause() != null
                && (at instanceof ExceptionInInitializerError
                        || at instanceof UncheckedIOException
                        || at instanceof ExecutionException
                        || at instanceof NoClassDefFoundError)) {
            at = at.getCause();
        }
        return at;
    }

    private static String text(Throwable cause) {
        String message = cause.getMessage();
        if (cause instanceof NoSuchFileException missing) {
            return missing.getFile() + ": no such file or folder";
        }
        if (cause instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied; use another path or another user";
        }
        if (cause instanceof FileSystemException file && file.getReason() != null) {
            return file.getFile() + ": " + file.getReason();
        }
        if (cause instanceof OutOfMemoryError) {
            return "out of memory: " + message + "; give the JVM more, or use fewer --buffers";
        }
        if (message != null && saysAll(cause)) {
            return message;
        }
        return cause.getClass().getSimpleName() + (message == null ? "" : ": " + message) + " (--verbose shows where)";
    }

    /** Whether the message is written for users. */
    private static boolean saysAll(Throwable cause) {
        return cause instanceof VhostException
                || cause instanceof CommandFailure
                || cause instanceof UsageException
                || cause instanceof NativeException
                || cause instanceof NativeAccessException;
    }
}
