// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** The measures of a soak run: how far each may rise from the first third to the last, and how it is shown. */
final class SoakReport {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 60;
    private static final int TITLE = 18;

    /**
     * A measure.
     *
     * @param name what it is called
     * @param of takes it from a sample
     * @param percent how much higher the last third's median may be
     * @param more how much higher it may be besides
     */
    private record Measure(String name, ToLongFunction<SoakSample> of, int percent, long more) {
        long median(List<SoakSample> samples) {
            long[] sorted = samples.stream().mapToLong(of).sorted().toArray();
            return sorted[sorted.length / 2];
        }

        long highest(List<SoakSample> samples) {
            return samples.stream().mapToLong(of).max().orElse(0);
        }

        long limit(List<SoakSample> samples) {
            long first = median(samples.subList(0, samples.size() / 3));
            return first + first * percent / 100 + more;
        }

        long last(List<SoakSample> samples) {
            return median(samples.subList(samples.size() - samples.size() / 3, samples.size()));
        }
    }

    private static final List<Measure> MEASURES = List.of(
            new Measure("file descriptors", SoakSample::descriptors, 0, 0),
            new Measure("mappings", SoakSample::mappings, 1, 4),
            new Measure("threads", SoakSample::threads, 0, 1),
            new Measure("live heap, KB", SoakSample::heapKilobytes, 5, 512),
            new Measure("committed by the JVM, KB", SoakSample::nativeKilobytes, 10, 16_384),
            new Measure("resident, KB", SoakSample::residentKilobytes, 10, 16_384),
            new Measure("buffers in use", SoakSample::buffers, 0, 0));

    private SoakReport() {}

    /** Fails if a measure rose. */
    static void check(List<SoakSample> samples) {
        for (Measure measure : MEASURES) {
            long last = measure.last(samples);
            if (last > measure.limit(samples)) {
                throw new AssertionError(measure.name() + ": median of the last third is " + last + ", allowed "
                        + measure.limit(samples) + ":\n" + table(samples));
            }
        }
    }

    /** First, last, highest and allowed values. */
    static String table(List<SoakSample> samples) {
        StringBuilder text =
                new StringBuilder("| | median of the first third | of the last third | highest | last third"
                        + " may be |\n|---|---|---|---|---|\n");
        for (Measure measure : MEASURES) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %d | %d | %d |%n",
                    measure.name(),
                    measure.median(samples.subList(0, samples.size() / 3)),
                    measure.last(samples),
                    measure.highest(samples),
                    measure.limit(samples)));
        }
        return text.toString();
    }

    /** Writes {@code SOAK.md} and {@code soak.svg} into a folder. */
    static void write(Path folder, String heading, List<SoakSample> samples) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("soak.svg"), chart(samples));
            Files.writeString(
                    folder.resolve("SOAK.md"),
                    "# Soak\n\n" + heading + "\n\n" + table(samples) + "\n![each measure over time](soak.svg)\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One line for each measure, from 0 to its highest value. */
    private static String chart(List<SoakSample> samples) {
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">%n",
                WIDTH,
                MEASURES.size() * (HEIGHT + TITLE)));
        long from = samples.getFirst().second();
        long span = Math.max(1, samples.getLast().second() - from);
        for (int i = 0; i < MEASURES.size(); i++) {
            Measure measure = MEASURES.get(i);
            long top = Math.max(1, measure.highest(samples));
            int base = i * (HEIGHT + TITLE) + TITLE + HEIGHT - 4;
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"0\" y=\"%d\">%s, 0 to %d</text><polyline fill=\"none\" stroke=\"#1f77b4\" points=\"",
                    base - HEIGHT,
                    measure.name(),
                    measure.highest(samples)));
            for (SoakSample sample : samples) {
                svg.append(String.format(
                        Locale.ROOT,
                        "%.1f,%.1f ",
                        (double) WIDTH * (sample.second() - from) / span,
                        base - (double) (HEIGHT - 8) * measure.of().applyAsLong(sample) / top));
            }
            svg.append("\"/>\n");
        }
        return svg.append("</svg>\n").toString();
    }
}
