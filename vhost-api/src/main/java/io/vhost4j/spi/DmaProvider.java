// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.spi;

import io.vhost4j.async.DmaEngine;

/** Opens DMA engines of one kind; found by {@link java.util.ServiceLoader}. */
public interface DmaProvider {
    /** What names of its engines begin with, up to the first colon. */
    String name();

    /** How names of its engines look, for messages. */
    String nameForms();

    /**
     * Opens an engine.
     *
     * @param arguments the rest of its name, behind the colon; empty for none
     * @throws io.vhost4j.ConfigurationException if the arguments are not understood
     * @throws io.vhost4j.VhostException if it cannot be opened
     */
    DmaEngine open(String arguments);
}
