// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy;

import io.vhost4j.ConfigurationException;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.spi.DmaProvider;

/** The engine {@code cpu}: copies are made at once by the thread that polls the ring. For tests and comparison. */
public final class CpuProvider implements DmaProvider {
    /** For {@link java.util.ServiceLoader}. */
    public CpuProvider() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String nameForms() {
        return "cpu";
    }

    @Override
    public DmaEngine open(String arguments) {
        if (!arguments.isEmpty()) {
            throw new ConfigurationException("DMA engine 'cpu:" + arguments + "': takes no arguments");
        }
        return new CpuEngine();
    }

    private static final class CpuEngine implements DmaEngine {
        @Override
        public String name() {
            return "cpu";
        }

        @Override
        public DmaChannel openChannel() {
            return new CpuChannel();
        }

        @Override
        public void close() {
            // holds nothing
        }
    }
}
