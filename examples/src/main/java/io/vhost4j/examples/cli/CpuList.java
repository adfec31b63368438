// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Lists of CPUs as Linux writes them, such as {@code 0,2-3}. */
public final class CpuList {
    private static final int MOST = 4096;

    private CpuList() {}

    /**
     * Reads a list.
     *
     * @param usable the CPUs that may be named
     * @throws UsageException if the text is no list, names a CPU twice, or one that is not usable
     */
    public static List<Integer> parse(String option, String text, BitSet usable) {
        List<Integer> cpus = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            int dash = part.indexOf('-');
            int first = number(option, text, dash < 0 ? part : part.substring(0, dash));
            int last = dash < 0 ? first : number(option, text, part.substring(dash + 1));
            UsageException.rejectIf(last < first, option + " " + text + ": " + part + " runs backwards");
            for (int cpu = first; cpu <= last; cpu++) {
                add(cpus, cpu, option + " " + text, usable);
            }
        }
        return List.copyOf(cpus);
    }

    private static void add(List<Integer> cpus, int cpu, String what, BitSet usable) {
        UsageException.rejectIf(
                !usable.get(cpu), what + ": this process cannot run on CPU " + cpu + "; it may use " + usable);
        UsageException.rejectIf(cpus.contains(cpu), what + ": CPU " + cpu + " is named twice");
        cpus.add(cpu);
    }

    private static int number(String option, String text, String digits) {
        try {
            int value = Integer.parseInt(digits);
            if (value >= 0 && value < MOST) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new UsageException(option + " " + text + ": not a list of CPUs such as 0,2-3");
        }
        throw new UsageException(option + " " + text + ": CPU numbers are 0 to " + (MOST - 1));
    }
}
