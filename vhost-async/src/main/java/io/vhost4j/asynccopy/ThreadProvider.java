// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy;

import io.vhost4j.ConfigurationException;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.spi.DmaProvider;
import java.util.ArrayList;
import java.util.List;

/**
 * The engine {@code thread}: threads copy that do nothing else. {@code thread} has one, {@code thread:3} has three,
 * {@code thread:@4,5} has two that stay on CPUs 4 and 5.
 */
public final class ThreadProvider implements DmaProvider {
    private static final int MOST_THREADS = 64;

    /** For {@link java.util.ServiceLoader}. */
    public ThreadProvider() {}

    @Override
    public String name() {
        return "thread";
    }

    @Override
    public String nameForms() {
        return "thread[:[COUNT][@CPU,...]]";
    }

    @Override
    public DmaEngine open(String arguments) {
        int at = arguments.indexOf('@');
        String count = at < 0 ? arguments : arguments.substring(0, at);
        List<Integer> cpus = new ArrayList<>();
        if (at >= 0) {
            for (String cpu : arguments.substring(at + 1).split(",", -1)) {
                cpus.add(number(arguments, cpu, 0, 4095));
            }
        }
        int threads = count.isEmpty() ? Math.max(1, cpus.size()) : number(arguments, count, 1, MOST_THREADS);
        if (!cpus.isEmpty() && cpus.size() != threads) {
            throw new ConfigurationException("DMA engine 'thread:" + arguments + "': " + cpus.size() + " CPUs for "
                    + threads + " threads; name one for each");
        }
        return new ThreadEngine(threads, cpus);
    }

    private static int number(String arguments, String text, int min, int max) {
        try {
            int value = Integer.parseInt(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new ConfigurationException(
                    "DMA engine 'thread:" + arguments + "': '" + text + "' is no number; write COUNT@CPU,...", e);
        }
        throw new ConfigurationException(
                "DMA engine 'thread:" + arguments + "': " + text + ": must be " + min + " to " + max);
    }
}
