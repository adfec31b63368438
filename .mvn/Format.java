// SPDX-License-Identifier: BSD-3-Clause

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks or applies the house format: {@code Format check|apply ROOT [PATH...]}.
 *
 * <p>Started by the build with the JDK that compiles, because the formatter parses with the JDK that runs it and the
 * one that runs Maven may not know the language yet. Without a path, every module's {@code src} is meant.
 */
final class Format {
    private static final String HEADER = "// SPDX-License-Identifier: BSD-3-Clause";

    private final Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
            .style(JavaFormatterOptions.Style.PALANTIR)
            .formatJavadoc(false)
            .build());
    private final boolean apply;
    private final List<String> faults = new ArrayList<>();

    private Format(boolean apply) {
        this.apply = apply;
    }

    public static void main(String[] args) throws IOException {
        Format format = new Format(args[0].equals("apply"));
        Path root = Path.of(args[1]);
        for (Path source : sources(root, List.of(args).subList(2, args.length))) {
            format.visit(root, source);
        }
        format.faults.forEach(System.err::println);
        if (!format.faults.isEmpty()) {
            System.err.println("Not in the house format (see above): run  mvn -q -N validate -Dformat");
            System.exit(1);
        }
    }

    private static List<Path> sources(Path root, List<String> wanted) throws IOException {
        List<Path> starts = new ArrayList<>();
        for (String paths : wanted) {
            for (String path : paths.split(",")) {
                if (!path.isBlank() && !path.equals("true")) {
                    starts.add(root.resolve(path));
                }
            }
        }
        if (starts.isEmpty()) {
            starts.add(root.resolve(".mvn"));
            try (Stream<Path> modules = Files.list(root)) {
                modules.map(module -> module.resolve("src"))
                        .filter(Files::isDirectory)
                        .forEach(starts::add);
            }
        }
        List<Path> sources = new ArrayList<>();
        for (Path start : starts) {
            try (Stream<Path> files = Files.walk(start)) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        sources.sort(null);
        return sources;
    }

    private void visit(Path root, Path source) throws IOException {
        String before = Files.readString(source);
        String after;
        try {
            after = formatter.formatSourceAndFixImports(withHeader(before));
        } catch (FormatterException e) {
            faults.add(root.relativize(source) + ": cannot be parsed: " + e.getMessage());
            return;
        }
        if (after.equals(before)) {
            return;
        }
        if (apply) {
            Files.writeString(source, after);
        } else {
            faults.add(root.relativize(source) + ":" + firstDifference(before, after));
        }
    }

    private static String withHeader(String source) {
        return source.startsWith(HEADER) ? source : HEADER + "\n\n" + source;
    }

    private static String firstDifference(String before, String after) {
        String[] old = before.split("\n", -1);
        String[] young = after.split("\n", -1);
        int line = 0;
        while (line < Math.min(old.length, young.length) - 1 && old[line].equals(young[line])) {
            line++;
        }
        return (line + 1) + ": expected \"" + young[line].strip() + "\"";
    }
}
