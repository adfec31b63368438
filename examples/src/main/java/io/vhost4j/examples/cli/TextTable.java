// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.util.ArrayList;
import java.util.List;

/** Lines of columns: the first column to the left, the others to the right. */
public final class TextTable {
    private final List<String[]> rows = new ArrayList<>();
    private final int[] widths;

    /** A table with these headings. */
    public TextTable(String... headings) {
        widths = new int[headings.length];
        add(headings);
    }

    /** Adds a row with one text for each heading. */
    public TextTable row(String... cells) {
        if (cells.length != widths.length) {
            throw new IllegalArgumentException(cells.length + " cells for " + widths.length + " columns");
        }
        add(cells);
        return this;
    }

    /** The headings, a rule, and the rows. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>(rows.size() + 1);
        for (String[] row : rows) {
            lines.add(format(row));
            if (lines.size() == 1) {
                lines.add("-".repeat(lines.get(0).length()));
            }
        }
        return lines;
    }

    private void add(String[] cells) {
        for (int i = 0; i < cells.length; i++) {
            widths[i] = Math.max(widths[i], cells[i].length());
        }
        rows.add(cells.clone());
    }

    private String format(String[] row) {
        StringBuilder line = new StringBuilder(row[0]).append(" ".repeat(widths[0] - row[0].length()));
        for (int i = 1; i < row.length; i++) {
            line.append("  ").append(" ".repeat(widths[i] - row[i].length())).append(row[i]);
        }
        return line.toString();
    }
}
