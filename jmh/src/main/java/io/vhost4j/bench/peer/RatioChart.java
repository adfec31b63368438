// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Formatter;
import java.util.List;
import java.util.Locale;

/** A bar chart of ratios as SVG: a bar for each cell and reference, a line from the least to the greatest round. */
final class RatioChart {
    private static final int LABELS = 260;
    private static final int PLOT = 520;
    private static final int RIGHT = 60;
    private static final int TOP = 70;
    private static final int BAR = 14;
    private static final int GAP = 10;
    private static final String[] COLOURS = {"#2b6cb0", "#b7791f", "#2f855a"};

    private final List<CellResult> results;
    private final int references;
    private final double scale;
    private final double max;
    private final Formatter svg = new Formatter(Locale.ROOT);

    private RatioChart(List<CellResult> results) {
        this.results = results;
        references = results.get(0).kinds().size() - 1;
        double top = 1;
        for (CellResult result : results) {
            for (int kind = 1; kind <= references; kind++) {
                top = Math.max(top, result.ratio(kind).max());
            }
        }
        max = Math.ceil(top * 2) / 2;
        scale = PLOT / max;
    }

    /** The chart of results with at least two back-ends. */
    static String of(List<CellResult> results, String title) {
        return new RatioChart(results).draw(title);
    }

    private String draw(String title) {
        int height = TOP + results.size() * (references * BAR + GAP) + 30;
        int width = LABELS + PLOT + RIGHT;
        svg.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">",
                width, height);
        svg.format("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n", width, height);
        svg.format("<text x=\"10\" y=\"22\" font-size=\"15\">%s</text>%n", escape(title));
        legend();
        for (double tick = 0; tick <= max; tick += 0.5) {
            double x = LABELS + tick * scale;
            svg.format(
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\"/>%n",
                    x, TOP - 8, x, height - 22, tick == 1 ? "#c53030" : "#d0d0d0");
            svg.format("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f</text>%n", x, height - 8, tick);
        }
        int y = TOP;
        for (CellResult result : results) {
            svg.format(
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                    LABELS - 8,
                    y + references * BAR / 2 + 4,
                    escape(result.cell().toString()));
            for (int kind = 1; kind <= references; kind++) {
                bar(result.ratio(kind), kind, y + (kind - 1) * BAR);
            }
            y += references * BAR + GAP;
        }
        return svg.format("</svg>%n").toString();
    }

    private void legend() {
        int x = LABELS;
        for (int kind = 1; kind <= references; kind++) {
            String text = results.get(0).kinds().get(0) + " : "
                    + results.get(0).kinds().get(kind);
            svg.format(
                    "<rect x=\"%d\" y=\"34\" width=\"12\" height=\"12\" fill=\"%s\"/>%n",
                    x, COLOURS[(kind - 1) % COLOURS.length]);
            svg.format("<text x=\"%d\" y=\"44\">%s</text>%n", x + 18, escape(text));
            x += 30 + 8 * text.length();
        }
    }

    private void bar(Numbers ratio, int kind, int y) {
        double middle = y + BAR / 2.0 - 1;
        double end = LABELS + ratio.max() * scale;
        svg.format(
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                LABELS, y, ratio.median() * scale, BAR - 2, COLOURS[(kind - 1) % COLOURS.length]);
        svg.format(
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"black\"/>%n",
                LABELS + ratio.min() * scale, middle, end, middle);
        svg.format("<text x=\"%.1f\" y=\"%.1f\">%.2f</text>%n", end + 4, middle + 4, ratio.median());
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
