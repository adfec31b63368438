// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Waits for a line on standard input. */
public final class EnterKey {
    private EnterKey() {}

    /**
     * Calls {@code action} once, on a thread of its own, when a line comes on standard input or that ends. The thread keeps no
     * process from ending.
     */
    public static void whenPressed(Runnable action) {
        Thread thread = new Thread(
                () -> {
                    skipLine(System.in);
                    action.run();
                },
                "vhost4j-enter");
        thread.setDaemon(true);
        thread.start();
    }

    private static void skipLine(InputStream input) {
        try {
            int next = input.read();
            while (next >= 0 && next != '\n') {
                next = input.read();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "standard input cannot be read: leave out the option that waits for Enter", e);
        }
    }
}
