// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import io.vhost4j.VhostException;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.StopSignal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/** Commands while devices serve. */
final class VdpaShell {
    private static final int CONFIG_BYTES = 64;
    private static final String HELP = "commands: list, stats, config NAME, attach NAME, detach NAME, quit";

    private final List<VdpaPort> ports;
    private final VdpaReport report;
    private final Output output;
    private final StopSignal stop;

    VdpaShell(List<VdpaPort> ports, VdpaReport report, Output output, StopSignal stop) {
        this.ports = ports;
        this.report = report;
        this.output = output;
        this.stop = stop;
    }

    /** Reads commands on a thread of its own, which keeps no process from ending. */
    void start(InputStream commands) {
        Thread thread = new Thread(() -> run(commands), "vdpa-shell");
        thread.setDaemon(true);
        thread.start();
        output.line(HELP);
    }

    private void run(InputStream commands) {
        BufferedReader input = new BufferedReader(new InputStreamReader(commands, StandardCharsets.UTF_8));
        try {
            String line = input.readLine();
            while (line != null) {
                tryCommand(line.strip());
                line = input.readLine();
            }
        } catch (IOException e) {
            output.complain("commands cannot be read: " + e.getMessage());
        }
    }

    private void tryCommand(String line) {
        try {
            command(line);
        } catch (VhostException | IllegalStateException e) {
            output.complain(e.getMessage());
        }
    }

    private void command(String line) {
        String[] words = line.split("\\s+");
        switch (words[0]) {
            case "" -> {}
            case "list" -> report.list(ports);
            case "stats" -> report.statistics(ports);
            case "config" -> config(port(words));
            case "attach" -> port(words).attach();
            case "detach" -> port(words).detach();
            case "quit" -> stop.request();
            default -> output.line(HELP);
        }
    }

    private VdpaPort port(String[] words) {
        if (words.length < 2 && ports.size() == 1) {
            return ports.getFirst();
        }
        String name = words.length < 2 ? "" : words[1];
        return ports.stream()
                .filter(port -> port.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new VhostException("no device '" + name + "' here: use list"));
    }

    private void config(VdpaPort port) {
        byte[] bytes = new byte[CONFIG_BYTES];
        boolean there = port.hardware().getConfig(0, bytes);
        output.line(
                port.name() + ": " + (there ? HexFormat.ofDelimiter(" ").formatHex(bytes) : "no configuration space"));
    }
}
