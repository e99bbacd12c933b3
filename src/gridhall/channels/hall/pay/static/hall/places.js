// Places to pay at: the position is asked of the device only on request; the map is an addition to the list.
const button = document.querySelector("[data-near]");
const wrong = document.querySelector("[data-near-wrong]");
if (button && "geolocation" in navigator) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition((found) => {
      const form = document.getElementById("near-form");
      // A hundred metres are near enough for a list.
      form.longitude.value = found.coords.longitude.toFixed(3);
      form.latitude.value = found.coords.latitude.toFixed(3);
      form.submit();
    }, () => { button.disabled = false; wrong.hidden = false; }, { maximumAge: 60000, timeout: 10000 });
  });
}

const place = document.querySelector("[data-map]");
const fetched = (tag, attributes) => new Promise((done, failed) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.onload = done; element.onerror = failed;
  document.head.append(element);
});

async function draw() {
  const data = JSON.parse(document.getElementById(place.dataset.map).textContent);
  if (!data.points.length) return;
  const card = place.closest("[data-map-card]");
  card.hidden = false;
  try {
    await Promise.all([fetched("link", { rel: "stylesheet", href: data.sheet }), fetched("script", { src: data.script })]);
    maplibregl.setWorkerUrl(data.worker);
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const plain = { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": colour("--sunken") } }] };
    const bounds = new maplibregl.LngLatBounds();
    data.points.forEach((point) => bounds.extend(point.at));
    if (data.near) bounds.extend(data.near);
    const map = new maplibregl.Map({ container: place, style: data.style || plain, bounds, fitBoundsOptions: { padding: 48, maxZoom: 15 }, attributionControl: data.style ? {} : false, dragRotate: false, cooperativeGestures: true, locale: data.words });
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibregl.ScaleControl());
    const features = data.points.map((point) => ({ type: "Feature", geometry: { type: "Point", coordinates: point.at }, properties: { name: point.name, code: point.code, open: point.open } }));
    map.on("load", () => {
      map.addSource("places", { type: "geojson", data: { type: "FeatureCollection", features } });
      map.addLayer({ id: "places", type: "circle", source: "places", paint: { "circle-radius": 9, "circle-color": ["case", ["get", "open"], "#0f6b66", "#7c8b89"], "circle-stroke-width": 2.5, "circle-stroke-color": "#ffffff" } });
      if (data.near) {
        map.addSource("here", { type: "geojson", data: { type: "Point", coordinates: data.near } });
        map.addLayer({ id: "here", type: "circle", source: "here", paint: { "circle-radius": 7, "circle-color": "#1f5fa8", "circle-stroke-width": 3, "circle-stroke-color": "#ffffff" } });
      }
      place.dataset.mapped = "yes";
    });
    map.on("click", "places", (event) => {
      const { name, code } = event.features[0].properties;
      const text = document.createElement("div");
      const link = Object.assign(document.createElement("a"), { href: `#place-${code}`, textContent: name });
      text.append(link);
      new maplibregl.Popup({ closeButton: true }).setLngLat(event.features[0].geometry.coordinates).setDOMContent(text).addTo(map);
    });
    map.on("mouseenter", "places", () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", "places", () => { map.getCanvas().style.cursor = ""; });
  } catch {
    // No WebGL, or the map's host is away: the list says everything.
    card.hidden = true;
  }
}
if (place) draw();
