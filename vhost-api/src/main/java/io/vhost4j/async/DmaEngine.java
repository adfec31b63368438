// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.async;

import io.vhost4j.ConfigurationException;
import io.vhost4j.spi.DmaProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** A source of channels. Any thread. */
public interface DmaEngine extends AutoCloseable {
    /**
     * Opens an engine by name: the provider's, and behind a colon what it is to be opened with, such as {@code thread:2} or
     * {@code ioat:0000:00:04.0}.
     *
     * @throws ConfigurationException if no provider on the module or class path has such a name, or does not understand the rest
     * @throws io.vhost4j.VhostException if the engine cannot be used
     */
    static DmaEngine open(String name) {
        int colon = name.indexOf(':');
        String kind = colon < 0 ? name : name.substring(0, colon);
        List<String> forms = new ArrayList<>();
        for (DmaProvider provider : ServiceLoader.load(DmaProvider.class, DmaProvider.class.getClassLoader())) {
            if (provider.name().equals(kind)) {
                return provider.open(colon < 0 ? "" : name.substring(colon + 1));
            }
            forms.add(provider.nameForms());
        }
        throw new ConfigurationException("DMA engine '" + name + "': "
                + (forms.isEmpty()
                        ? "there is none on the module or class path: add vhost-async"
                        : "no such name; known are " + String.join(", ", forms)));
    }

    /** What the engine is called. */
    String name();

    /**
     * A channel of its own for one ring. Its user closes it.
     *
     * @throws io.vhost4j.VhostException if the engine has no more
     */
    DmaChannel openChannel();

    /** Ends the engine, after its channels. */
    @Override
    void close();
}
