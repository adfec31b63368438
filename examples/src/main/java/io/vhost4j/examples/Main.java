// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The root command: names the programs and shows how to call them. */
@Command(name = "vhost4j", description = "A vhost back-end in pure Java.", mixinStandardHelpOptions = true)
public final class Main implements Runnable {
    /** Created by the command line parser. */
    public Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
