// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import io.vhost4j.examples.cli.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What the figures depend on: the machine and the versions of what runs on it. */
final class Host {
    private Host() {}

    /** Names and values, in the order in which to show them. */
    static Map<String, String> describe(Path project, boolean hugePages) {
        Map<String, String> facts = new LinkedHashMap<>();
        try {
            List<String> cpu = Files.readAllLines(Path.of("/proc/cpuinfo"));
            facts.put(
                    "processor",
                    field(cpu, "model name") + ", family " + field(cpu, "cpu family") + ", model " + field(cpu, "model")
                            + ", " + field(cpu, "cpu MHz") + " MHz");
            facts.put("processors", "" + Runtime.getRuntime().availableProcessors());
            facts.put("hypervisor", field(cpu, "flags").contains("hypervisor") ? "yes" : "no");
            String kilobytes = field(Files.readAllLines(Path.of("/proc/meminfo")), "MemTotal")
                    .replace(" kB", "");
            facts.put("memory", String.format(Locale.ROOT, "%.1f GiB", Long.parseLong(kilobytes) / 1048576.0));
            facts.put("peers' memory", hugePages ? "huge pages" : "normal pages");
            facts.put(
                    "kernel",
                    Files.readString(Path.of("/proc/sys/kernel/osrelease")).trim());
            facts.put(
                    "system",
                    field(Files.readAllLines(Path.of("/etc/os-release")), "PRETTY_NAME")
                            .replace("\"", ""));
        } catch (IOException e) {
            throw new BenchFailure("the machine cannot be described: " + e.getMessage(), e);
        }
        facts.put(
                "JDK",
                System.getProperty("java.vendor.version", System.getProperty("java.vendor")) + ", "
                        + System.getProperty("java.runtime.version"));
        facts.put("vhost4j", revision(project));
        return facts;
    }

    /** The value after a name and a colon or equals sign; {@code unknown} if there is none. */
    static String field(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.matches(name + "\\s*[:=].*"))
                .map(line -> line.replaceFirst("^[^:=]*[:=]\\s*", ""))
                .findFirst()
                .orElse("unknown");
    }

    /** The facts as they stand in a file. */
    static Json json(Map<String, String> facts) {
        Json json = Json.object();
        facts.forEach(json::put);
        return json;
    }

    /** The revision of the sources, with a mark if they were changed; figures under docs are none. */
    private static String revision(Path project) {
        try {
            String name = output(project, "describe", "--always");
            String changed = output(project, "diff", "--name-only", "HEAD", "--", ".", ":(exclude)docs");
            return changed.isEmpty() ? name : name + "-dirty";
        } catch (IOException e) {
            return "unknown revision (" + e.getMessage() + ")";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown revision";
        }
    }

    private static String output(Path project, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git", "-C", project.toString()));
        command.addAll(List.of(arguments));
        Process git = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        if (!git.waitFor(10, TimeUnit.SECONDS) || git.exitValue() != 0) {
            throw new IOException("git failed");
        }
        return text;
    }
}
