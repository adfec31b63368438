// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Signals that the JDK does not send. */
enum Signal {
    /** Takes the processors from all threads of a process. */
    STOP,
    /** Undoes {@link #STOP}. */
    CONT;

    /** Sends it to these processes at almost the same moment; false if one of them has ended. */
    boolean send(List<Long> pids) {
        String command =
                "kill -" + this + " " + pids.stream().map(String::valueOf).collect(Collectors.joining(" "));
        try {
            Process shell = new ProcessBuilder("sh", "-c", command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return shell.waitFor(10, TimeUnit.SECONDS) && shell.exitValue() == 0;
        } catch (IOException e) {
            throw new BenchFailure(command + ": cannot be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchFailure(command + ": interrupted", e);
        }
    }
}
